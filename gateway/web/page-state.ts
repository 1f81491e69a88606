// What every part of the page may need: language, token, trust; and how it asks the gateway.
import { createContext } from 'preact';
import { useCallback, useContext, useEffect, useRef, useState } from 'preact/hooks';
import { type Answer, type Asking, getJson } from './api/client.ts';
import { LANGUAGE_TAGS, type Language, type Say, sayIn } from './text/words.ts';
import type { Trust } from './trust.ts';

export interface PageState {
  readonly language: Language;
  /** BCP 47, for Intl. */
  readonly tag: string;
  readonly say: Say;
  readonly token: string | null;
  readonly setToken: (token: string | null) => void;
  readonly trust: Trust;
  readonly setTrust: (trust: Trust) => void;
}

export const PageContext = createContext<PageState | null>(null);

export function usePage(): PageState {
  const state = useContext(PageContext);
  if (state === null) throw new Error('no page around this part');
  return state;
}

export function spoken(language: Language): Pick<PageState, 'language' | 'tag' | 'say'> {
  return { language, tag: LANGUAGE_TAGS[language], say: sayIn(language) };
}

/** Null while it is awaited. A path of null asks nothing. */
export type Asked<T> = Answer<T> | null;

/**
 * Asks once for every value of `key` and token; what comes after the part is gone, or after another
 * question was asked, is dropped.
 */
export function useAsked<T>(
  key: string | null,
  ask: (asking: Asking) => Promise<Answer<T>>,
): readonly [Asked<T>, () => void] {
  const { token } = usePage();
  const [round, setRound] = useState(0);
  const [answered, setAnswered] = useState<{ key: string; answer: Answer<T> } | null>(null);
  useEffect(() => {
    if (key === null) return;
    const aborter = new AbortController();
    ask({ token, signal: aborter.signal }).then(
      (answer) => {
        if (!aborter.signal.aborted) setAnswered({ key, answer });
      },
      (error: Error) => {
        if (aborter.signal.aborted) return;
        const failure = { kind: 'unreachable' as const, detail: error.message };
        setAnswered({ key, answer: { ok: false, failure } });
      },
    );
    return () => aborter.abort();
  }, [key, token, round]);
  const again = useCallback(() => setRound((count) => count + 1), []);
  return [answered?.key === key ? answered.answer : null, again];
}

/** The last answer there was, while the next one is awaited. */
export function useLatest<T>(asked: Asked<T>): Asked<T> {
  const last = useRef<Asked<T>>(null);
  if (asked !== null) last.current = asked;
  return asked ?? last.current;
}

export function useJson<T>(path: string | null): readonly [Asked<T>, () => void] {
  return useAsked<T>(path, (asking) => getJson<T>(path ?? '', asking));
}
