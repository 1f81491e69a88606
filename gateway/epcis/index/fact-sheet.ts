/** `value` is '' in a number's name. */
export interface TermFact {
  readonly name: string;
  readonly value: string;
}

export interface NumberFact {
  readonly name: string;
  readonly value: number;
}

/** Terms and numbers of one event, each once. */
export class FactSheet {
  readonly #terms = new Map<string, TermFact>();
  readonly #numbers = new Map<string, NumberFact>();

  term(name: string, value: string): void {
    const key = JSON.stringify([name, value]);
    if (!this.#terms.has(key)) this.#terms.set(key, { name, value });
  }

  number(name: string, value: number): void {
    // -0 is 0 to the database and another text to JSON.
    const plain = value === 0 ? 0 : value;
    const key = JSON.stringify([name, plain]);
    if (!this.#numbers.has(key)) this.#numbers.set(key, { name, value: plain });
  }

  terms(): TermFact[] {
    return [...this.#terms.values()];
  }

  numbers(): NumberFact[] {
    return [...this.#numbers.values()];
  }
}
