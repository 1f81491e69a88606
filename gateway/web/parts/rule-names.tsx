import type { RuleView } from '../api/trace-answers.ts';
import { usePage } from '../page-state.ts';

/** Which rule, and the person who answers for it. */
export function RuleNames({ of }: { of: readonly RuleView[] }) {
  const { say } = usePage();
  return (
    <ul class="rule-names">
      {of.map(({ rule, title, responsible }) => (
        <li key={rule}>
          <code>{rule}</code> {title}.{' '}
          <span class="note">{say('rule.answers', { ...responsible })}</span>
        </li>
      ))}
    </ul>
  );
}
