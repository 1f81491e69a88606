import { isJsonObject } from '../json.ts';
import { contextShape } from './context-shape.ts';
import { anything, list, oneOf, record, type Shape, string, text, time, uri } from './shape.ts';

/** EPCIS 2.0 in JSON: what is around the events. The events themselves are read one by one. */

const version = text((value) => /^\d+(?:\.\d+)*$/.test(value), 'is not a version such as 2.0');
const eventList = list(anything);

const attributeValue: Shape = (value, at) => {
  if (typeof value === 'string' || typeof value === 'number' || isJsonObject(value)) return;
  at.wrong('is neither a string, a number, nor an object');
};
const vocabulary = record(
  {
    type: uri,
    vocabularyElementList: list(
      record(
        {
          id: uri,
          attributes: list(
            record({ id: uri, attribute: attributeValue }, { required: ['id'], others: 'any' }),
          ),
          children: list(uri),
        },
        { required: ['id'], others: 'any' },
      ),
    ),
  },
  { required: ['type'], others: 'any' },
);
const vocabularyList = list(vocabulary);

const epcisHeader = record(
  { epcisMasterData: record({ vocabularyList }, { others: 'any' }) },
  { others: 'extensions' },
);

export const documentShape = record(
  {
    '@context': contextShape,
    id: uri,
    type: oneOf(['EPCISDocument']),
    schemaVersion: version,
    creationDate: time,
    instanceIdentifier: string,
    sender: string,
    receiver: string,
    epcisHeader,
    epcisBody: record({ eventList }, { required: ['eventList'], others: 'any' }),
  },
  {
    required: ['@context', 'type', 'schemaVersion', 'creationDate', 'epcisBody'],
    others: 'extensions',
  },
);

const queryResults = record(
  {
    queryName: string,
    subscriptionID: string,
    resultsBody: record(
      { eventList, vocabularyList },
      { required: ['eventList'], others: 'extensions' },
    ),
  },
  { required: ['queryName', 'resultsBody'], others: 'extensions' },
);

export const queryDocumentShape = record(
  {
    '@context': contextShape,
    id: uri,
    type: oneOf(['EPCISQueryDocument']),
    schemaVersion: version,
    creationDate: time,
    epcisBody: record({ queryResults }, { required: ['queryResults'], others: 'extensions' }),
  },
  { required: ['@context', 'type', 'epcisBody'], others: 'extensions' },
);
