// The consumer's page: no token to enter, nothing to choose but the language.
import { render } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { consumerAddress } from './consumer-address.ts';
import { itemName } from './gs1-name.ts';
import { PageContext, spoken } from './page-state.ts';
import { ConsumerPage } from './pages/consumer.tsx';
import { keepLanguage, keptLanguage, keptToken } from './session.ts';
import { LANGUAGE_NAMES, type Language } from './text/words.ts';
import { NO_TRUST } from './trust.ts';

function Page() {
  const [language, setLanguage] = useState(keptLanguage);
  const address = useMemo(() => consumerAddress(location.pathname, location.search), []);
  const state = useMemo(() => {
    const nothing = () => {};
    const trust = { trust: NO_TRUST, setTrust: nothing };
    return { ...spoken(language), ...trust, token: keptToken(), setToken: nothing };
  }, [language]);
  useEffect(() => {
    document.documentElement.lang = state.tag;
    document.title = `${address === null ? '' : itemName(address.item)} – Truegrain`;
  }, [state, address]);
  const other: Language = language === 'en' ? 'zh' : 'en';
  return (
    <PageContext.Provider value={state}>
      <header class="top">
        <div class="top-row narrow">
          <span class="brand">
            <img src={`${import.meta.env.BASE_URL}mark.svg`} alt="" width="28" height="28" />
            Truegrain
          </span>
          <div class="top-side">
            <button
              type="button"
              lang={other}
              onClick={() => {
                keepLanguage(other);
                setLanguage(other);
              }}
            >
              {LANGUAGE_NAMES[other]}
            </button>
          </div>
        </div>
      </header>
      <main class="narrow">
        {address === null ? (
          <h1>{state.say('consumer.no-item')}</h1>
        ) : (
          <ConsumerPage address={address} />
        )}
      </main>
      <footer class="foot narrow">
        <p>{state.say('foot.motto')}</p>
      </footer>
    </PageContext.Provider>
  );
}

const root = document.getElementById('page');
if (root !== null) render(<Page />, root);
