import { encodeCalibrationRecord } from '@truegrain/device-sdk/formats/calibration-record.js';
import { MEDIA_CALIBRATION } from '@truegrain/device-sdk/formats/media-types.js';
import { sampleCalibration } from './sample-calibration.ts';
import type { SoloRig } from './solo-ledger.ts';

export async function calibrate(rig: SoloRig, device: string): Promise<void> {
  const said = await rig.voice.say({
    contentType: MEDIA_CALIBRATION,
    encode: (logTimeMs) => encodeCalibrationRecord(sampleCalibration({ logTimeMs, device })),
    sub: device,
  });
  if (!said.ok) throw new Error(said.detail);
}
