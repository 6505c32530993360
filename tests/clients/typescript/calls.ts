// Calls through a client whose types are made from the OpenAPI document. The compiler checks every line; what is marked
// must not compile.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const client = createClient<paths>({ baseUrl: process.argv[2]! });
const told: Record<string, unknown> = {};

type Book = components["schemas"]["books.list.Row"];
const titles: string[] = [];
let cursor: string | null = null;
do {
  const page: { data: Book[]; next: string | null } = await nextPage(cursor);
  titles.push(...page.data.map((book) => book.title));
  cursor = page.next;
} while (cursor !== null);
told.titles = titles;

async function nextPage(from: string | null): Promise<{ data: Book[]; next: string | null }> {
  const { data } = await client.GET("/books", {
    params: { query: { limit: 2, states: ["new", "old"], ...(from === null ? {} : { cursor: from }) } },
  });
  if (data === undefined) throw new Error("no page");
  return data;
}

const asked = await client.GET("/books", {
  params: {
    query: {
      "filter[price][gte]": "2.5",
      "filter[price][lt]": 5,
      "filter[price][is_null]": false,
      "filter[state][in]": ["new", "old"],
      "filter[tags][contains]": [],
      "filter[title][ilike]": "book%",
      "filter[title][in]": ["Book 2", "Book 3", "Book 4, 5"],
      sort: ["-state", "title"],
      count: "exact",
    },
  },
});
told.asked = { titles: asked.data?.data.map((book) => book.title), total: asked.data?.total };

const one = await client.GET("/books/{book_id}", { params: { path: { book_id: 2 } } });
const state: "new" | "old" | undefined = one.data?.data.state;
const note: string | null | undefined = one.data?.data.note;
told.one = { state, note };

const missing = await client.GET("/books/{book_id}", { params: { path: { book_id: 99 } } });
if (missing.error?.code === "NotFound") {
  const status: 404 = missing.error.status;
  told.missing = status;
}

const made = await client.POST("/books", {
  params: { header: { "Idempotency-Key": "one-of-a-kind" } },
  body: { book_id: 7, title: "Seven", state: "new", extra: { pages: [1, 2] } },
});
told.made = made.data?.data.book_id;

const twice = await client.POST("/books", { body: { book_id: 7, title: "Again", state: "old" } });
if (twice.error?.code === "UniqueViolation") told.twice = twice.error.outcome;

const wrong = await client.POST("/operations/books.get", { body: { book_id: "seven" as unknown as number } });
if (wrong.error?.code === "InvalidParameters") told.wrong = wrong.error.errors?.map((flaw) => flaw.pointer);

const count = await client.POST("/operations/books.count");
told.count = count.data?.data satisfies number | undefined;

// @ts-expect-error a state that the enum does not have
() => client.POST("/books", { body: { book_id: 8, title: "x", state: "lost" } });
// @ts-expect-error a parameter that must be given
() => client.POST("/operations/books.get", { body: {} });
// @ts-expect-error a column that rows do not have
() => one.data?.data.colour;
// @ts-expect-error null where the answer is never null
() => ((title: null): null => title)(one.data!.data.title);

console.log(JSON.stringify(told));

// @ts-expect-error a condition that the column does not have
() => client.GET("/books", { params: { query: { "filter[price][like]": "1%" } } });
// @ts-expect-error a label that the enum does not have
() => client.GET("/books", { params: { query: { "filter[state][in]": ["lost"] } } });
