import type { Project } from "../../wire/types.gen";
import type { Role } from "./words";

/** Somebody in a project. */
export interface Person {
  id: string;
  name: string;
  role: Role;
  /** It is the one who looks. */
  me: boolean;
}

/** The people of a project: the one who looks first, then by name. */
export function peopleOf(
  users: Project["users"],
  names: ReadonlyMap<string, string>,
  me: string | undefined,
): Person[] {
  return Object.entries(users)
    .map(([id, { role }]) => ({ id, name: names.get(id) ?? "Somebody", role, me: id === me }))
    .toSorted((a, b) => Number(b.me) - Number(a.me) || a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1));
}
