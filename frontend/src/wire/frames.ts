/** How many bytes say how long a frame is that follows; 0 is no frame but a sign of life. */
const SIZE_BYTES = 4;

/** Frames one after the other, each after its length, as a request or a stream carries them. */
export function packed(frames: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(frames.reduce((sum, frame) => sum + SIZE_BYTES + frame.length, 0));
  let at = 0;
  for (const frame of frames) {
    new DataView(bytes.buffer).setUint32(at, frame.length);
    bytes.set(frame, at + SIZE_BYTES);
    at += SIZE_BYTES + frame.length;
  }
  return bytes;
}

/** Puts frames together again that come in pieces of any size. */
export class Unpacker {
  #part = new Uint8Array(SIZE_BYTES);
  #filled = 0;
  #inFrame = false;

  /** The frames that end in these bytes; an empty one is a sign of life. */
  take(bytes: Uint8Array): Uint8Array<ArrayBuffer>[] {
    const frames: Uint8Array<ArrayBuffer>[] = [];
    for (let at = 0; at < bytes.length;) {
      const n = Math.min(bytes.length - at, this.#part.length - this.#filled);
      this.#part.set(bytes.subarray(at, at + n), this.#filled);
      this.#filled += n;
      at += n;
      if (this.#filled < this.#part.length) continue;
      const size = this.#inFrame ? 0 : new DataView(this.#part.buffer).getUint32(0);
      if (this.#inFrame) frames.push(this.#part);
      else if (size === 0) frames.push(new Uint8Array(0));
      this.#inFrame = size > 0;
      this.#part = new Uint8Array(size > 0 ? size : SIZE_BYTES);
      this.#filled = 0;
    }
    return frames;
  }
}
