// Answers of the interfaces that every gateway has, as they stand in JSON (http/views.ts).
import type { AllianceView, OwnView } from '../../http/alliance-backend.ts';
import type {
  CompletenessView,
  DeviceKeyView,
  DeviceView,
  SensorSpec,
  StreamView,
} from '../../http/backend.ts';
import type { LawRegistry, LawView } from '../../http/law-backend.ts';

/** `own` with a token of an operator or auditor. */
export type AllianceAnswer = AllianceView & { readonly own?: OwnView };
export type LawAnswer = LawView & { readonly registry?: LawRegistry };

type WithHexKid<T> = Omit<T, 'kid'> & { readonly kid: string };
export type SensorAnswer = Omit<SensorSpec, 'calibration'> & {
  readonly calibration: {
    readonly certificate: string;
    readonly digest: string;
    readonly dueMs: number;
  } | null;
};
export type StreamAnswer = WithHexKid<StreamView>;
export type DeviceAnswer = Omit<DeviceView, 'keys' | 'sensors' | 'streams'> & {
  readonly keys: readonly WithHexKid<DeviceKeyView>[];
  readonly sensors: readonly SensorAnswer[];
  readonly streams: readonly StreamAnswer[];
};
export type CompletenessAnswer = Omit<CompletenessView, 'streams'> & {
  readonly streams: readonly StreamAnswer[];
};
export interface HealthAnswer {
  readonly ok: boolean;
  readonly size?: number;
  readonly anchoredSize?: number;
  readonly oldestUnanchoredMs?: number | null;
}
