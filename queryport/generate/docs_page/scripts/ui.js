// The library that the components are written with, under the names that they use.
import { Fragment, h, render } from "preact";
import { useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import htm from "htm";

const html = htm.bind(h);

export { Fragment, h, html, render, useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState };
