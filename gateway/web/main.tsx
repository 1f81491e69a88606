// The auditor's page.
import { render } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { PageContext, spoken } from './page-state.ts';
import { AlliancePage } from './pages/alliance.tsx';
import { DevicePage } from './pages/device.tsx';
import { EntryPage } from './pages/entry.tsx';
import { OverviewPage } from './pages/overview.tsx';
import { ProductPage } from './pages/product.tsx';
import { SearchPage } from './pages/search.tsx';
import { StatementPage } from './pages/statement.tsx';
import { Shell } from './parts/shell.tsx';
import { parseRoute, type Route } from './route.ts';
import { keepLanguage, keepToken, keptLanguage, keptToken } from './session.ts';
import type { Key } from './text/words.ts';
import { storedTrust } from './trust.ts';

function Page() {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  const [language, setLanguage] = useState(keptLanguage);
  const [token, setToken] = useState(keptToken);
  const [trust, setTrust] = useState(() => storedTrust(localStorage));
  useEffect(() => {
    const follow = () => setRoute(parseRoute(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  const state = useMemo(() => {
    const take = (next: string | null) => {
      keepToken(next);
      setToken(next);
    };
    return { ...spoken(language), token, setToken: take, trust, setTrust };
  }, [language, token, trust]);
  useEffect(() => {
    document.documentElement.lang = state.tag;
    document.title = `${state.say(TITLES[route.page])} – Truegrain`;
  }, [state, route]);
  return (
    <PageContext.Provider value={state}>
      <Shell
        route={route}
        setLanguage={(next) => {
          keepLanguage(next);
          setLanguage(next);
        }}
      >
        <Routed route={route} />
      </Shell>
    </PageContext.Provider>
  );
}

const TITLES: Readonly<Record<Route['page'], Key>> = {
  overview: 'overview.title',
  product: 'product.title',
  device: 'device.title',
  statement: 'statement.title',
  entry: 'entry.title',
  alliance: 'alliance.title',
  search: 'search.label',
};

function Routed({ route }: { route: Route }) {
  switch (route.page) {
    case 'overview':
      return <OverviewPage />;
    case 'product':
      return <ProductPage item={route.item} />;
    case 'device':
      return <DevicePage urn={route.urn} />;
    case 'statement':
      return <StatementPage key={route.id} id={route.id} />;
    case 'entry':
      return <EntryPage key={route.leafIndex} leafIndex={route.leafIndex} />;
    case 'alliance':
      return <AlliancePage />;
    case 'search':
      return <SearchPage key={route.question} question={route.question} />;
  }
}

const root = document.getElementById('page');
if (root !== null) render(<Page />, root);
