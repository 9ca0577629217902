/** What a document session needs of the server; `tablesServer` says it in tables, a test plays it. */
export interface DocumentServer {
  /** Whether asking has a chance at this moment. */
  connected(): boolean;

  /** Calls listener after each change of `connected`. */
  onConnection(listener: () => void): () => void;

  /**
   * The document at a path: what it has above stateVector, and the number of
   * the newest patch in that. Opens it on the server. Rejects with a Failure.
   */
  state(path: { project_id: string; path: string; state_vector: Uint8Array }): Promise<DocumentState>;

  /**
   * Hands over one update. It resolves when the update is durable, or was so
   * already: a number is taken once. Rejects with a Failure.
   */
  push(patch: Push): Promise<Acknowledgement>;

  /**
   * Gives each patch above seq, in order, until stopped. `lost` comes at most
   * once, and nothing after it: the connection or the right to see them is gone.
   */
  follow(documentId: string, seq: number, on: { patches(patches: Patch[]): void; lost(): void }): () => void;
}

export interface DocumentState {
  document_id: string;
  update: Uint8Array;
  seq: number;
  /** For each outbox, the last number that the document holds (D3). */
  merged: Readonly<Record<string, number>>;
  read_only: boolean;
}

export interface Push {
  document_id: string;
  origin: string;
  /** The numbers of the oldest and of the newest local change that are merged in update. */
  n_from: number;
  n: number;
  update: Uint8Array;
}

export interface Acknowledgement {
  seq: number;
  n: number;
}

export interface Patch {
  seq: number;
  origin: string;
  n: number;
  update: Uint8Array;
}

/** Why the server did not do something. */
export interface Failure {
  kind: string;
  /** A sentence for a person. */
  message: string;
}

/** The failure in what was thrown; what is no answer of the server counts as a lost connection. */
export function failureOf(thrown: unknown): Failure {
  if (typeof thrown === "object" && thrown !== null && "kind" in thrown && "message" in thrown) {
    const { kind, message } = thrown;
    if (typeof kind === "string" && typeof message === "string") return { kind, message };
  }
  return { kind: "unavailable", message: "The server cannot be reached." };
}

/**
 * Whether asking again may help. A refusal is never repeated (D3): the server
 * has understood and said no.
 */
export function passing(failure: Failure): boolean {
  return failure.kind === "unavailable" || failure.kind === "internal" || failure.kind === "conflict";
}
