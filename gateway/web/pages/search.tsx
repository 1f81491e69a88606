// What a search text may mean: as the gateway knows it, else as its form says.
import { useEffect } from 'preact/hooks';
import type { Found } from '../api/trace-answers.ts';
import { useJson, usePage } from '../page-state.ts';
import { Answered } from '../parts/answered.tsx';
import { hashOf, type Route } from '../route.ts';
import { guesses } from '../search-guess.ts';

export function SearchPage({ question }: { question: string }) {
  const { say } = usePage();
  const [asked] = useJson<{ results: Found[] }>(`/v1/search?q=${encodeURIComponent(question)}`);
  const byForm = guesses(question);
  const found = asked?.ok ? asked.value.results : byForm;
  const only = asked !== null && found.length === 1 ? found[0] : undefined;
  useEffect(() => {
    if (only !== undefined) location.replace(hashOf(routeOf(only)));
  }, [only]);
  return (
    <>
      <h1>{say('search.title', { question })}</h1>
      <Answered of={asked} what="what.search">
        {() => found.length === 0 && <p class="empty">{say('search.none')}</p>}
      </Answered>
      {found.length > 0 && (
        <ul class="found">
          {found.map((one) => (
            <li key={`${one.kind} ${one.id}`}>
              <a href={hashOf(routeOf(one))}>
                <span class="found-kind">{say(`found.${one.kind}`)}</span>{' '}
                <span class="break">{one.label}</span>
              </a>
            </li>
          ))}
        </ul>
      )}
      {asked !== null && !asked.ok && found.length === 0 && <p>{say('search.by-form')}</p>}
    </>
  );
}

function routeOf({ kind, id }: Found): Route {
  switch (kind) {
    case 'device':
      return { page: 'device', urn: id };
    case 'statement':
      return { page: 'statement', id };
    case 'block':
      return { page: 'entry', leafIndex: Number(id) };
    default:
      return { page: 'product', item: id };
  }
}
