// What stands around every page: name, ways, search, token, language.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { usePage } from '../page-state.ts';
import { hashOf, type PageName, type Route } from '../route.ts';
import { type Key, LANGUAGE_NAMES, type Language } from '../text/words.ts';

const WAYS: readonly {
  readonly route: Route;
  readonly name: Key;
  readonly of: readonly PageName[];
}[] = [
  { route: { page: 'overview' }, name: 'way.overview', of: ['overview'] },
  { route: { page: 'product', item: null }, name: 'way.product', of: ['product'] },
  { route: { page: 'device', urn: null }, name: 'way.device', of: ['device'] },
  { route: { page: 'statement', id: null }, name: 'way.statement', of: ['statement', 'entry'] },
  { route: { page: 'alliance' }, name: 'way.alliance', of: ['alliance'] },
];

export function Shell({
  route,
  setLanguage,
  children,
}: {
  route: Route;
  setLanguage: (language: Language) => void;
  children: ComponentChildren;
}) {
  const { say } = usePage();
  const main = useRef<HTMLElement>(null);
  const address = hashOf(route);
  const isFirst = useRef(true);
  /** A reader who follows a link begins at the top of the new page, with eyes, ears and keys. */
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    main.current?.focus();
    scrollTo(0, 0);
  }, [address]);
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        {say('skip')}
      </button>
      <header class="top">
        <div class="top-row">
          <a class="brand" href="#/">
            <img src={`${import.meta.env.BASE_URL}mark.svg`} alt="" width="28" height="28" />
            Truegrain
          </a>
          <SearchBox />
          <div class="top-side">
            <TokenBox />
            <LanguageSwitch setLanguage={setLanguage} />
          </div>
        </div>
        <nav aria-label={say('ways')}>
          <ul class="ways">
            {WAYS.map((way) => (
              <li key={way.name}>
                <a
                  href={hashOf(way.route)}
                  aria-current={way.of.includes(route.page) ? 'page' : undefined}
                >
                  {say(way.name)}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      </header>
      <main ref={main} tabIndex={-1}>
        {children}
      </main>
      <footer class="foot">
        <p>{say('foot.motto')}</p>
        <p>
          <a href="/filing">{say('foot.filing')}</a> · <a href="/openapi.json">OpenAPI</a> ·{' '}
          <a href="/log/checkpoint">{say('checkpoint.title')}</a>
        </p>
      </footer>
    </>
  );
}

function SearchBox() {
  const { say } = usePage();
  const id = useId();
  const [text, setText] = useState('');
  return (
    <search>
      <form
        class="search"
        onSubmit={(event) => {
          event.preventDefault();
          const question = text.trim();
          if (question !== '') location.hash = hashOf({ page: 'search', question });
        }}
      >
        <label for={id} class="unseen">
          {say('search.label')}
        </label>
        <input
          id={id}
          type="search"
          value={text}
          placeholder={say('search.label')}
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <button type="submit">{say('search.go')}</button>
      </form>
    </search>
  );
}

function TokenBox() {
  const { say, token, setToken } = usePage();
  const id = useId();
  const [text, setText] = useState('');
  if (token !== null) {
    return (
      <button type="button" onClick={() => setToken(null)}>
        {say('token.forget')}
      </button>
    );
  }
  return (
    <details class="token">
      <summary>{say('token.title')}</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== '') setToken(text.trim());
          setText('');
        }}
      >
        <label for={id}>{say('token.label')}</label>
        <input
          id={id}
          type="password"
          autocomplete="off"
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <button type="submit">{say('token.use')}</button>
        <p class="note">{say('token.note')}</p>
      </form>
    </details>
  );
}

function LanguageSwitch({ setLanguage }: { setLanguage: (language: Language) => void }) {
  const { language } = usePage();
  const other: Language = language === 'en' ? 'zh' : 'en';
  return (
    <button type="button" lang={other} onClick={() => setLanguage(other)}>
      {LANGUAGE_NAMES[other]}
    </button>
  );
}
