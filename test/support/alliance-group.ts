import { engineMissing } from './engine-file.ts';
import { group } from './group.ts';

/** Tests that run the engine itself. */
export const alliance = group('alliance', engineMissing === null, engineMissing ?? '');
