import { rules } from './rules.bench.ts';
console.log(await rules[0]!.run());
