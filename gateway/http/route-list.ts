// Every route as registered: fastify answers 404 for a wrong method, we say 405 and which it takes.
import type { FastifyInstance } from 'fastify';

export interface ListedRoute {
  readonly method: string;
  readonly url: string;
  readonly pattern: RegExp;
}

declare module 'fastify' {
  interface FastifyInstance {
    routeList: readonly ListedRoute[];
  }
}

/** Must come before the first route. */
export function installRouteList(app: FastifyInstance): void {
  const list: ListedRoute[] = [];
  app.decorate('routeList', list);
  app.addHook('onRoute', ({ url, method }) => {
    const escaped = url.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');
    const source = escaped.replaceAll(/:\w+/g, '[^/]+').replaceAll('*', '.*');
    const pattern = new RegExp(`^${source}$`);
    for (const one of [method].flat()) list.push({ method: one, url, pattern });
  });
}

export function methodsOf(list: readonly ListedRoute[], path: string): string[] {
  const matching = list.filter(({ pattern }) => pattern.test(path));
  return [...new Set(matching.map(({ method }) => method))].sort();
}
