import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { SignedTip } from '../anchor/signed-tip.ts';
import { CONFIG_NAME, DATA_DEFAULT, type GatewayConfig, loadConfig } from '../config.ts';
import { type DataFolder, dataFolder } from '../data-folder.ts';
import type { Terminal } from './terminal.ts';

export interface PlaceOptions {
  data?: string;
  config?: string;
}

/** The data folder a command works on, and its configuration where there is one. */
export interface Place {
  folder: DataFolder;
  configFile: string;
  config: GatewayConfig | null;
  tipCopies: readonly string[];
}

export function withPlace(command: Command): Command {
  return command
    .option('--data <folder>', 'data folder (TRUEGRAIN_DATA, else .truegrain)')
    .option('--config <file>', 'configuration file (default: truegrain.json in the data folder)');
}

/** `--data` wins over the environment, the environment over the file. */
export function placeOf({ data, config: named }: PlaceOptions, { env }: Terminal): Place {
  const wanted = data ?? (env['TRUEGRAIN_DATA'] || undefined);
  const configFile = resolve(named ?? join(wanted ?? DATA_DEFAULT, CONFIG_NAME));
  const settings = { ...env, ...(wanted === undefined ? {} : { TRUEGRAIN_DATA: wanted }) };
  const config = named || existsSync(configFile) ? loadConfig(configFile, settings) : null;
  return {
    folder: dataFolder(config?.data ?? wanted ?? DATA_DEFAULT),
    configFile,
    config,
    tipCopies: config?.tipCopies ?? [],
  };
}

export function signedSize({ folder, tipCopies }: Place): number | null {
  return new SignedTip([folder.signedTip, ...tipCopies]).newest()?.size ?? null;
}
