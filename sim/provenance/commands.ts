import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BOX_URI, GOODS, PLACES } from './goods.ts';

/** What the play hands over to whoever wants to ask by hand. */
export interface Asking {
  readonly httpUrl: string;
  readonly auditorToken: string;
  readonly captureToken: string;
  readonly data: string;
  /** 64 hex digits. */
  readonly statementId: string;
}

/** One command each: capture, query, trace, recall, findings, evidence. */
export function commands({ httpUrl, auditorToken, captureToken, data, statementId }: Asking) {
  const file = join(data, 'events.json');
  writeFileSync(file, `${JSON.stringify(document(), null, 2)}\n`);
  const auditor = `curl -sH 'authorization: Bearer ${auditorToken}'`;
  const capture = `curl -isH 'authorization: Bearer ${captureToken}'`;
  return [
    `${capture} -H 'content-type: application/json' --data @${file} ${httpUrl}/epcis/capture`,
    `${auditor} '${httpUrl}/epcis/events?MATCH_epc=${BOX_URI}'`,
    // 8 °C in kelvin: readings were captured in degrees Celsius.
    `${auditor} '${httpUrl}/epcis/events?GE_maxValue_KEL=281.15'`,
    `${auditor} '${httpUrl}/v1/trace?epc=${BOX_URI}&direction=both'`,
    `${auditor} -H 'accept: text/csv' '${httpUrl}/v1/recall?lot=${GOODS.badLot}'`,
    `${auditor} '${httpUrl}/v1/findings?kind=excursion'`,
    `${auditor} -fo box.tgev ${httpUrl}/v1/statements/${statementId}/evidence`,
  ];
}

/** One more event of the box, as an ERP would send it. */
function document(): object {
  const now = new Date().toISOString();
  return {
    '@context': ['https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld'],
    type: 'EPCISDocument',
    schemaVersion: '2.0',
    creationDate: now,
    epcisBody: {
      eventList: [
        {
          type: 'ObjectEvent',
          action: 'OBSERVE',
          eventTime: now,
          eventTimeZoneOffset: '+00:00',
          bizStep: 'retail_selling',
          disposition: 'retail_sold',
          readPoint: { id: PLACES.shop.uri },
          epcList: [BOX_URI],
        },
      ],
    },
  };
}
