// A client of two functions: every path, parameter and answer is typed by the contract.

import type { components, paths } from "./contract.js";

export type Problem = components["schemas"]["Problem"];

/** The paths that can be asked, with their parameters and answers. */
type Asked = { [Path in keyof paths]: paths[Path] extends { get: infer Get } ? (Get extends object ? Path : never) : never }[keyof paths];
type Get<Path extends Asked> = paths[Path] extends { get: infer Operation } ? Operation : never;
type Parameters<Path extends Asked> = Get<Path> extends { parameters: { query: infer Query } } ? Query : Record<string, never>;
type Answer<Path extends Asked> = Get<Path> extends { responses: { 200: { content: { "application/json": infer Body } } } } ? Body : never;

/** What the service said when it refused: decide by `problem.code`, show `problem.title`. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.title}: ${problem.detail}`);
  }
}

const TRIES = 4;
const WORTH_ANOTHER_TRY = [429, 502, 503, 504];

export class Backcast {
  constructor(
    private readonly address: string,
    private readonly key: string,
    private readonly language = "en",
  ) {}

  /** The answer to a question; questions are asked again where that may help. */
  async get<Path extends Asked>(path: Path, query: Parameters<Path>): Promise<Answer<Path>> {
    const url = new URL(path, this.address);
    for (const [name, value] of Object.entries(query as object)) {
      url.searchParams.set(name, String(value));
    }
    for (let tried = 1; ; tried += 1) {
      const response = await fetch(url, { headers: this.headers() });
      if (response.ok) {
        return (await response.json()) as Answer<Path>;
      }
      if (tried === TRIES || !WORTH_ANOTHER_TRY.includes(response.status)) {
        throw new Refused((await response.json()) as Problem);
      }
      await pause(response, tried);
    }
  }

  private headers(): Record<string, string> {
    return { Authorization: `Bearer ${this.key}`, "Accept-Language": this.language };
  }
}

/** As long as the service says, else longer every time; never in step with other clients. */
async function pause(response: Response, tried: number): Promise<void> {
  const said = Number(response.headers.get("Retry-After") ?? 0);
  const seconds = said > 0 ? said : 2 ** tried * Math.random();
  await new Promise((resolve) => setTimeout(resolve, Math.min(seconds, 60) * 1000));
}
