// Follows `queryport serve`, which tells of every save; a deployed function has no such thing.
import { baseOf } from "./call.js";
import { settings } from "./settings.js";

// Calls `onChange` with the problems of the files; returns the function that ends it.
export function follow(onChange) {
  if (settings.changes === null) return () => {};
  const events = new EventSource(`${baseOf(location)}/${settings.changes}`);
  let seen = null;
  events.onmessage = ({ data }) => {
    const change = JSON.parse(data);
    // The first event says how things are, as does one after the connection was lost.
    if (seen !== change.number && (seen !== null || change.problems.length > 0)) onChange(change);
    seen = change.number;
  };
  return () => events.close();
}
