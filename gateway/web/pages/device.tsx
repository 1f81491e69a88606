// One device: who it is, how well its key is kept, its calibration, and whether its chain is whole.
import type { CompletenessAnswer, DeviceAnswer, LawAnswer } from '../api/gateway-answers.ts';
import { durationWords, numberWords, quantityWords } from '../format.ts';
import { useJson, usePage } from '../page-state.ts';
import { Answered } from '../parts/answered.tsx';
import { Chart } from '../parts/chart.tsx';
import { DataTable } from '../parts/data-table.tsx';
import { ExportBar, jsonExport } from '../parts/export-bar.tsx';
import { DeviceLink, Digest, EntryLink, SubjectLink, Time } from '../parts/links.tsx';
import { Facts, Section } from '../parts/section.tsx';
import type { Key } from '../text/words.ts';

export function DevicePage({ urn }: { urn: string | null }) {
  const { say } = usePage();
  if (urn !== null) return <Device key={urn} urn={urn} />;
  return (
    <>
      <h1>{say('device.all')}</h1>
      <Devices />
    </>
  );
}

function Devices() {
  const { say } = usePage();
  const [asked] = useJson<{ devices: DeviceAnswer[] }>('/v1/devices');
  return (
    <Answered of={asked} what="what.devices">
      {({ devices }) => (
        <DataTable
          caption={say('device.all')}
          head={[
            say('column.device'),
            say('column.owner'),
            say('column.status'),
            say('column.sensors'),
            say('column.key-level'),
            say('column.last-seen'),
          ]}
          rows={devices.map(({ urn, owner, status, sensors, keyLevel, streams }) => [
            <DeviceLink key="d" urn={urn} />,
            owner,
            say(`device.${status}`),
            sensors.map(({ name }) => name).join(', '),
            say(`level.${keyLevel}` as Key),
            <Time key="t" ms={lastSeenMs({ streams })} />,
          ])}
        />
      )}
    </Answered>
  );
}

function lastSeenMs({ streams }: Pick<DeviceAnswer, 'streams'>): number | null {
  const seen = streams.flatMap(({ lastSeenMs: at }) => (at === null ? [] : [at]));
  return seen.length === 0 ? null : Math.max(...seen);
}

function Device({ urn }: { urn: string }) {
  const { say } = usePage();
  const path = `/v1/devices/${encodeURIComponent(urn)}`;
  const [device] = useJson<DeviceAnswer>(path);
  const [completeness] = useJson<CompletenessAnswer>(`${path}/completeness`);
  const [law] = useJson<LawAnswer>('/v1/law');
  return (
    <>
      <p class="kicker">{say('device.title')}</p>
      <h1 class="break">{urn}</h1>
      <Answered of={device} what="what.device">
        {(view) => (
          <>
            <Identity of={view} law={law?.ok ? law.value : null} />
            <Section title={say('device.chain')} note={say('device.chain.note')}>
              <Answered of={completeness} what="what.completeness">
                {(whole) => <Continuity of={whole} device={view} />}
              </Answered>
            </Section>
            <Sensors of={view} law={law?.ok ? law.value : null} />
            <Section title={say('device.readings')}>
              <Chart of={{ device: urn }} title={urn} />
            </Section>
            <Keys of={view} />
            <ExportBar
              exports={[
                jsonExport(urn, {
                  device: view,
                  completeness: completeness?.ok ? completeness.value : null,
                }),
                {
                  name: 'export.readings',
                  file: `${urn}-readings.csv`,
                  type: 'text/csv',
                  content: { path: `/v1/readings?format=csv&device=${encodeURIComponent(urn)}` },
                },
              ]}
            />
          </>
        )}
      </Answered>
    </>
  );
}

function Identity({ of, law }: { of: DeviceAnswer; law: LawAnswer | null }) {
  const { say, tag } = usePage();
  const suspended = law?.registry?.suspendedDevices.find(({ device }) => device === of.urn);
  const profiles = law?.registry?.bindings.filter(({ device }) => device === of.urn) ?? [];
  return (
    <Section title={say('device.identity')}>
      {suspended !== undefined && (
        <p class="alarm">{say('device.suspended', { order: suspended.order })}</p>
      )}
      <Facts
        of={[
          [say('column.status'), say(`device.${of.status}`)],
          [say('column.owner'), of.owner],
          [say('fact.key-level'), say(`level.${of.keyLevel}` as Key)],
          [say('fact.binding'), say(`bound.${of.binding}` as Key)],
          [say('fact.interval'), durationWords(of.reportingIntervalS * 1000, tag)],
          [say('fact.registered'), <EntryLink key="e" leafIndex={of.registrationLeaf} />],
          [say('fact.profiles'), profiles.map(({ profile }) => profile).join(', ')],
          [
            say('fact.subjects'),
            of.subjects === null ? (
              say('device.any-subject')
            ) : (
              <ul key="s">
                {of.subjects.map((subject) => (
                  <li key={subject}>
                    <SubjectLink subject={subject} />
                  </li>
                ))}
              </ul>
            ),
          ],
        ]}
      />
    </Section>
  );
}

/** One bar a stream: what is there, with what is missing cut out of it. */
function Continuity({ of, device }: { of: CompletenessAnswer; device: DeviceAnswer }) {
  const { say, tag } = usePage();
  return (
    <>
      {of.silent !== null && (
        <p class="alarm">
          {say('device.silent', { interval: durationWords(of.silent.intervalS * 1000, tag) })}{' '}
          <Time ms={of.silent.sinceMs} />
        </p>
      )}
      <ul class="sentences" lang="en">
        {of.summary.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {of.streams.map((stream) => (
        <StreamBar key={stream.kid} stream={stream} />
      ))}
      <DataTable
        caption={say('device.gaps')}
        empty={say('device.no-gaps')}
        head={[
          say('column.key'),
          say('column.from-number'),
          say('column.to-number'),
          say('column.explained'),
        ]}
        rows={device.streams.flatMap(({ kid, gaps }) =>
          gaps.map(({ from, to, explained, reason }) => [
            <Digest key="k" hex={kid} />,
            numberWords(from, tag),
            numberWords(to, tag),
            explained ? (
              `${say('yes')}${reason === null ? '' : `: ${reason}`}`
            ) : (
              <strong key="n" class="alarm">
                {say('no')}
              </strong>
            ),
          ]),
        )}
      />
    </>
  );
}

function StreamBar({ stream }: { stream: CompletenessAnswer['streams'][number] }) {
  const { say } = usePage();
  const { from, to, gaps, kid } = stream;
  const length = Math.max(1, to - from + 1);
  const share = (count: number) => (100 * count) / length;
  const missing = gaps.reduce((sum, gap) => sum + gap.to - gap.from + 1, 0);
  return (
    <div class="stream">
      <svg
        viewBox="0 0 100 6"
        preserveAspectRatio="none"
        role="img"
        aria-label={say('device.stream', { from, to, missing })}
      >
        <rect class="stream-there" width={100} height={6} />
        {gaps.map((gap) => (
          <rect
            key={gap.from}
            class={gap.explained ? 'stream-explained' : 'stream-missing'}
            x={share(gap.from - from)}
            width={Math.max(0.4, share(gap.to - gap.from + 1))}
            height={6}
          />
        ))}
      </svg>
      <p class="note">
        <Digest hex={kid} /> {say('device.stream', { from, to, missing })}
      </p>
    </div>
  );
}

interface CalibrationRecord {
  readonly device?: string;
  readonly sensor?: string;
  readonly laboratory?: string;
  readonly dueMs?: number | null;
  readonly leafIndex?: number;
}

function Sensors({ of, law }: { of: DeviceAnswer; law: LawAnswer | null }) {
  const { say, tag } = usePage();
  const recorded = (law?.registry?.calibrations ?? []) as readonly CalibrationRecord[];
  const nowMs = Date.now();
  return (
    <Section title={say('device.sensors')}>
      <DataTable
        caption={say('device.sensors')}
        head={[
          say('column.sensor'),
          say('column.quantity'),
          say('column.range'),
          say('column.resolution'),
          say('column.interface'),
          say('column.calibration'),
        ]}
        rows={of.sensors.map(
          ({ name, quantity, unit, min, max, resolution, interface: wire, calibration }) => {
            const proved = recorded.findLast(
              ({ device, sensor }) => device === of.urn && sensor === name,
            );
            const dueMs = proved?.dueMs ?? calibration?.dueMs ?? null;
            return [
              name,
              quantity,
              min === null || max === null
                ? '–'
                : `${quantityWords(min, unit, tag)} – ${quantityWords(max, unit, tag)}`,
              resolution === null ? '–' : quantityWords(resolution, unit, tag),
              wire,
              calibration === null && proved === undefined ? (
                <span class="alarm">{say('calibration.none')}</span>
              ) : (
                <>
                  {proved === undefined
                    ? say('calibration.said', { certificate: calibration?.certificate ?? '' })
                    : say('calibration.proved')}{' '}
                  {proved?.leafIndex !== undefined && <EntryLink leafIndex={proved.leafIndex} />}{' '}
                  {dueMs !== null && (
                    <span class={dueMs < nowMs ? 'alarm' : ''}>
                      {say(dueMs < nowMs ? 'calibration.overdue' : 'calibration.due')}{' '}
                      <Time ms={dueMs} />
                    </span>
                  )}
                </>
              ),
            ];
          },
        )}
      />
    </Section>
  );
}

function Keys({ of }: { of: DeviceAnswer }) {
  const { say } = usePage();
  return (
    <Section title={say('device.keys')}>
      <DataTable
        caption={say('device.keys')}
        head={[
          say('column.key'),
          say('column.status'),
          say('column.from-entry'),
          say('column.until-entry'),
        ]}
        rows={of.keys.map(({ kid, status, fromLeaf, untilLeaf }) => [
          <Digest key="k" hex={kid} whole />,
          say(`key.${status}`),
          <EntryLink key="f" leafIndex={fromLeaf} />,
          untilLeaf === null ? '–' : <EntryLink key="u" leafIndex={untilLeaf} />,
        ])}
      />
    </Section>
  );
}
