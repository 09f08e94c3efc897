// SPDX-License-Identifier: MIT
// What was given in the last render, for effects that need not begin anew because of it.
import { useInsertionEffect, useRef, type RefObject } from 'react';

export function useLatest<T>(value: T): Readonly<RefObject<T>> {
  const latest = useRef(value);
  // Before all effects that may read it, and not while rendering: a render may be thrown away.
  useInsertionEffect(() => {
    latest.current = value;
  });
  return latest;
}
