/**
 * Paths of files inside a project: segments joined by "/", without one at the
 * start or the end. The empty path is the home folder of the project.
 */

/** The folder that holds the path; the home folder holds itself. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

/** The last segment; empty for the home folder. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function join(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** What stands behind the last dot of the name, in lower case: "tex" for "a/Slides.TEX", empty for ".profile". */
export function extensionOf(path: string): string {
  const name = nameOf(path);
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? "" : name.slice(dot + 1).toLowerCase();
}

/** The folders on the way to path, from the home folder ("") to path itself. */
export function ancestorsOf(path: string): { name: string; path: string }[] {
  const steps = [{ name: "", path: "" }];
  let at = "";
  for (const name of path.split("/")) {
    if (name === "") continue;
    at = join(at, name);
    steps.push({ name, path: at });
  }
  return steps;
}

/**
 * The path as a part of an address: each segment percent-encoded, so that a
 * name with "?", "#", "%" or a space stays one name.
 */
export function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** The longest name that file systems under Linux take, in bytes of UTF-8. */
const MAX_NAME_BYTES = 255;

/**
 * Why name cannot be given to a file, as a sentence; undefined when it can. It
 * spares a way to the server and decides nothing: the server checks again.
 */
export function nameProblem(name: string): string | undefined {
  if (name.trim() === "") return "Please type a name.";
  if (name === "." || name === "..") return "“.” and “..” are names of folders already.";
  if (name.includes("/")) return "A name cannot contain “/”.";
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(name)) return "A name cannot contain line breaks or control characters.";
  if (new TextEncoder().encode(name).length > MAX_NAME_BYTES) {
    return `A name can have at most ${MAX_NAME_BYTES} bytes.`;
  }
  return undefined;
}
