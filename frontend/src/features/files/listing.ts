/** What is known of one entry of a folder, as in the table `directories`. */
export interface EntryRow {
  kind?: string;
  size?: number;
  modified?: number;
}

export type Kind = "directory" | "file" | "link" | "other";

export interface Entry {
  name: string;
  kind: Kind;
  /** In bytes; of files only. */
  size: number | undefined;
  /** In milliseconds since 1970. */
  modified: number | undefined;
  /** Its name begins with a dot. */
  hidden: boolean;
}

export interface Order {
  by: "name" | "size" | "modified";
  descending: boolean;
}

/** The entries of a folder in order, folders first; hidden ones only if asked for. */
export function entriesOf(rows: Readonly<Record<string, EntryRow>>, order: Order, hidden: boolean): Entry[] {
  const entries = Object.entries(rows).map(([name, row]): Entry => {
    const kind = kindOf(row.kind);
    return {
      name,
      kind,
      size: kind === "file" ? row.size : undefined,
      modified: row.modified,
      hidden: name.startsWith("."),
    };
  });
  return entries.filter((entry) => hidden || !entry.hidden).toSorted(comparison(order));
}

function kindOf(kind: string | undefined): Kind {
  return kind === "directory" || kind === "file" || kind === "link" ? kind : "other";
}

/** "slide2" before "slide10", and capital letters among small ones. */
const names = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

function comparison({ by, descending }: Order): (a: Entry, b: Entry) => number {
  const turn = descending ? -1 : 1;
  return (a, b) => {
    const folders = Number(b.kind === "directory") - Number(a.kind === "directory");
    if (folders !== 0) return folders;
    const named = names.compare(a.name, b.name) || (a.name < b.name ? -1 : 1);
    if (by === "name") return turn * named;
    return turn * ((a[by] ?? -1) - (b[by] ?? -1)) || named;
  };
}

/** Extensions of files that are no text: they are downloaded instead of opened. The server decides in the end. */
const noText = new Set(
  (
    "pdf png jpg jpeg gif webp avif bmp ico tif tiff heic mp3 mp4 m4a ogg oga ogv wav flac webm mov avi mkv " +
    "zip gz tgz bz2 xz zst 7z rar tar jar whl deb rpm iso img exe dll so dylib a o pyc pyd class wasm bin dat " +
    "doc docx xls xlsx ppt pptx odt ods odp ttf otf woff woff2 sqlite db sobj npy npz pkl parquet h5 dvi"
  ).split(" "),
);

/** Whether opening a file in the editor is worth a try, by its name's extension. */
export function mayBeText(extension: string): boolean {
  return !noText.has(extension);
}
