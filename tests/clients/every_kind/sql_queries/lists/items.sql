-- http: GET /items
-- sort: [name, price, made, state]
-- filter: [name, state, price, made, tags, doc, ok, day, during, hs, share, code, u, amount, d]
-- count: true
-- page: {by: [made desc, id desc], size: 3, max: 10}
SELECT id, name, state, flag, price, share, code, amount, r, d, made, day, at, span, during, win, grid, tags, doc, pos, hs, ci, raw, ip, u, ok, version, c, ts, tz, m, bt, vb FROM item
