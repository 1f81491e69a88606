import { encodeCalibrationRecord } from '@truegrain/device-sdk/formats/calibration-record.js';
import { MEDIA_CALIBRATION } from '@truegrain/device-sdk/formats/media-types.js';
import { MemberVoice } from '../../gateway/member-voice.ts';
import { MEMBER_ISS, type SoloRig } from './solo-ledger.ts';

const DAY_MS = 86_400_000;

/** A verified certificate for the instrument `SN-1` at the device's `temp`, good for a day. */
export async function calibrate(rig: SoloRig, device: string): Promise<void> {
  const voice = new MemberVoice({
    ledger: rig.ledger,
    iss: MEMBER_ISS,
    signer: () => rig.signers.member,
    nowMs: () => rig.nowMs,
    onChanged: () => {},
  });
  const encode = (logTimeMs: number) =>
    encodeCalibrationRecord({
      ...{ logTimeMs, device, sensor: 'temp', serial: 'SN-1', unit: 'Cel', min: -40, max: 85 },
      ...{ certificate: 'LAB-1', digest: new Uint8Array(32), laboratory: 'Laboratory' },
      ...{ signature: 'verified', uncertainty: 0.1, coverageFactor: 2 },
      ...{ performedMs: logTimeMs - 1, dueMs: logTimeMs + DAY_MS },
    });
  const said = await voice.say({ contentType: MEDIA_CALIBRATION, encode, sub: device });
  if (!said.ok) throw new Error(said.detail);
}
