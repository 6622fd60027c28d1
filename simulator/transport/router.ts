/** Finds the route of a method and path. Some seventy routes: a list per method and first segments is enough. */
import type { Route } from './request.js';

interface Compiled {
  readonly route: Route;
  readonly pattern: RegExp;
  readonly names: readonly string[];
}

type Found =
  | { readonly found: 'route'; readonly route: Route; readonly params: Readonly<Record<string, string>> }
  | { readonly found: 'other-method'; readonly allowed: readonly string[] }
  | { readonly found: 'nothing' };

export interface Router {
  add(route: Route): void;
  find(method: string, path: string): Found;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function compile(route: Route): Compiled {
  const names: string[] = [];
  const source = route.path.replaceAll(/:(\w+)|[.]/g, (token, name: string | undefined) => {
    if (name === undefined) return `\\${token}`;
    names.push(name);
    return '([^/]+)';
  });
  return { route, pattern: new RegExp(`^${source}/?$`), names };
}

export function createRouter(): Router {
  const routes: Compiled[] = [];
  return {
    add(route) {
      if (routes.some((other) => other.route.name === route.name)) throw new Error(`two routes named ${route.name}`);
      routes.push(compile(route));
    },
    find(method, path) {
      const allowed: string[] = [];
      for (const { route, pattern, names } of routes) {
        const match = pattern.exec(path);
        if (match === null) continue;
        if (route.method !== method) {
          allowed.push(route.method);
          continue;
        }
        const params = Object.fromEntries(names.map((name, index) => [name, decode(match[index + 1] ?? '')]));
        return { found: 'route', route, params };
      }
      return allowed.length > 0 ? { found: 'other-method', allowed } : { found: 'nothing' };
    },
  };
}
