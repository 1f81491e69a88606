// What the browser keeps for the page: the language for good, the token until the tab is closed.
import { type Language, preferredLanguage } from './text/words.ts';

const LANGUAGE_AS = 'truegrain.language';
const TOKEN_AS = 'truegrain.token';

export function keptLanguage(): Language {
  const kept = localStorage.getItem(LANGUAGE_AS);
  return kept === 'en' || kept === 'zh' ? kept : preferredLanguage(navigator.languages);
}

export function keepLanguage(language: Language): void {
  localStorage.setItem(LANGUAGE_AS, language);
}

export function keptToken(): string | null {
  return sessionStorage.getItem(TOKEN_AS);
}

export function keepToken(token: string | null): void {
  if (token === null) sessionStorage.removeItem(TOKEN_AS);
  else sessionStorage.setItem(TOKEN_AS, token);
}
