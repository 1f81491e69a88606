// What a fact is worth, in words and in a mark that does not rely on colour.
import type { FactClass } from '../api/trace-answers.ts';
import { usePage } from '../page-state.ts';

const MARKS: Readonly<Record<FactClass, string>> = { measured: '●', observed: '◐', declared: '○' };

export function Worth({ of }: { of: string }) {
  const { say } = usePage();
  if (!isFactClass(of)) return <span class="worth">{of}</span>;
  return (
    <span class={`worth worth-${of}`}>
      <span aria-hidden="true">{MARKS[of]}</span> {say(`worth.${of}`)}
    </span>
  );
}

function isFactClass(text: string): text is FactClass {
  return Object.hasOwn(MARKS, text);
}

/** How many statements are worth what; none of a class is not said. */
export function Statements({ of }: { of: Readonly<Record<FactClass, number>> }) {
  const classes = (['measured', 'observed', 'declared'] as const).filter((name) => of[name] > 0);
  return (
    <>
      {classes.map((name) => (
        <div key={name}>
          <Worth of={name} /> {of[name]}
        </div>
      ))}
    </>
  );
}

const AXES = ['origin', 'key', 'metrology', 'binding'] as const;
export type Axes = Readonly<Record<(typeof AXES)[number], number>>;
const AXIS_MAX = 4;

export function GradeAxes({ of }: { of: Axes }) {
  const { say } = usePage();
  return (
    <dl class="axes">
      {AXES.map((axis) => (
        <div key={axis}>
          <dt title={say(`axis.${axis}.means`)}>{say(`axis.${axis}`)}</dt>
          <dd>
            <meter min={0} max={AXIS_MAX} value={of[axis]} aria-label={say(`axis.${axis}`)} />{' '}
            {say('axis.of', { value: of[axis], max: AXIS_MAX })}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Shares of measured, observed and declared facts as one bar, and in numbers. */
export function WorthBar({ of }: { of: Readonly<Record<FactClass, number>> }) {
  const { say } = usePage();
  const total = of.measured + of.observed + of.declared;
  const classes = ['measured', 'observed', 'declared'] as const;
  return (
    <div class="worth-bar">
      <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        {classes.map((name, i) => {
          const before = classes.slice(0, i).reduce((sum, other) => sum + of[other], 0);
          const share = (count: number) => (total === 0 ? 0 : (100 * count) / total);
          return (
            <rect
              key={name}
              class={`fill-${name}`}
              x={share(before)}
              width={share(of[name])}
              height={4}
            />
          );
        })}
      </svg>
      <ul>
        {classes.map((name) => (
          <li key={name}>
            <Worth of={name} /> <strong>{of[name]}</strong>
            <span class="note"> {say(`worth.${name}.means`)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
