// Which operation is looked at: the part of the address behind #.
import { useEffect, useState } from "./ui.js";

export function useHash() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => setHash(location.hash);
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return hash;
}

// The name of the operation; null on the overview.
export function nameIn(hash) {
  if (!hash.startsWith("#/") || hash.length === 2) return null;
  try {
    return decodeURIComponent(hash.slice(2));
  } catch {
    return hash.slice(2); // no encoded name; there is no such operation
  }
}

export function addressOf(operation) {
  return `#/${encodeURIComponent(operation.name)}`;
}
