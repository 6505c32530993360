// Finds operations by the words of a search, the best first.

export function found(operations, search) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return operations;
  return operations
    .filter((operation) => words.every((word) => operation.text.includes(word)))
    .map((operation) => ({ operation, rank: rank(operation, words) }))
    .sort((one, other) => one.rank - other.rank)
    .map(({ operation }) => operation);
}

// A word in the name goes before one in the summary, and that before one elsewhere.
function rank(operation, words) {
  const name = operation.name.toLowerCase();
  const summary = operation.summary.toLowerCase();
  const ranks = words.map((word) => (operation.title.startsWith(word) ? 0 : name.includes(word) ? 1 : summary.includes(word) ? 2 : 3));
  return ranks.reduce((sum, each) => sum + each, 0);
}
