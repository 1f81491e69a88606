import type { Command } from 'commander';
import type { LawView, OrderView } from '../http/law-backend.ts';
import {
  type PersonOptions,
  personOf,
  type SayOptions,
  sayLaw,
  withPerson,
  withSaying,
} from './law-said.ts';
import { type OwnGatewayOptions, ownGateway, timeWords, withOwnGateway } from './own-gateway.ts';
import { answer, type Cli, CliError, EXIT } from './terminal.ts';

interface OrderOptions extends SayOptions, PersonOptions {
  basis: string;
  text: string;
}

interface AppealOptions extends SayOptions {
  text: string;
  document?: string;
}

/** `truegrain order …`: what a supervisor orders, and what members say against it. */
export function addOrder(program: Command, cli: Cli): void {
  const order = program.command('order').description('orders of a supervisor, and appeals');
  for (const [action, what] of [
    ['suspend', 'a device, rule or member, for every leaf after it'],
    ['reinstate', 'what an order suspended, or withdraw an annotation'],
    ['annotate', 'a device, rule, member or subject: a court order, a recall'],
  ] as const) {
    withPerson(withSaying(order.command(action)), 'who orders it')
      .description(`${action} ${what}`)
      .argument('<kind>', 'device, rule, member or subject')
      .argument('<id>', 'device URN, id@version, iss, or what readings are about')
      .requiredOption('--basis <text>', 'law and clause, or the court’s file number')
      .requiredOption('--text <text>', 'what is ordered and why; stands in the log')
      .action((kind: string, id: string, options: OrderOptions) =>
        say({ action, target: { kind, id } }, options, cli),
      );
  }
  withSaying(order.command('appeal'))
    .description('object to an order; it stands beside the order and lifts nothing')
    .argument('<order>', 'id of the order')
    .requiredOption('--text <text>', 'why; stands in the log')
    .option('--document <sha256>', 'SHA-256 of a document that supports it')
    .action((id: string, options: AppealOptions) => appeal(id, options, cli));
  withOwnGateway(order.command('list'))
    .description('orders, their appeals, and what is suspended')
    .action((options: OwnGatewayOptions) => list(options, cli));
}

function say(
  ordered: { action: string; target: { kind: string; id: string } },
  options: OrderOptions,
  cli: Cli,
): Promise<void> {
  const { basis: legalBasis, text } = options;
  const official = personOf(options);
  const lines = [
    `Order: ${ordered.action} ${ordered.target.kind} ${ordered.target.id}`,
    `  legal basis  ${legalBasis}`,
    `  by           ${official.name}, ${official.organisation}, ${official.contact}`,
    `  ${text}`,
    'It holds for every leaf after it, can be appealed, and erases nothing.',
  ];
  const body = { ...ordered, legalBasis, official, text };
  return sayLaw('/v1/law/orders', body, { options, lines, cli });
}

function appeal(orderId: string, options: AppealOptions, cli: Cli): Promise<void> {
  const { text } = options;
  const document = digestOption('--document', options.document);
  const lines = [`Appeal against order ${orderId}:`, `  ${text}`];
  return sayLaw('/v1/law/appeals', { orderId, text, document }, { options, lines, cli });
}

async function list(options: OwnGatewayOptions, { terminal }: Cli): Promise<void> {
  const { orders } = (await ownGateway(options, terminal).get('/v1/law')) as LawView;
  const lines = orders.length === 0 ? ['No order was given.'] : orders.flatMap(orderLines);
  answer(terminal, options, { value: orders, lines });
}

function orderLines(order: OrderView): string[] {
  const { id, action, target, by, logTimeMs, legalBasis, official, text, appeals } = order;
  return [
    `${id}`,
    `  ${timeWords(logTimeMs)}  ${action} ${target.kind} ${target.id}${order.liftedBy ? ` (lifted by ${order.liftedBy})` : ''}`,
    `  ${official.name}, ${official.organisation}, ${official.contact} (${by}): ${legalBasis}`,
    `  ${text}`,
    ...appeals.map((one) => `  appeal of ${one.by} at leaf ${one.leafIndex}: ${one.text}`),
  ];
}

/** A digest on the command line. */
export function digestOption(flag: string, text: string | undefined): string | null {
  if (text === undefined) return null;
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  throw new CliError(EXIT.usage, `${flag} ${text} is no SHA-256 in lower-case hex`);
}
