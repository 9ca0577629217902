import type { Project } from "../../wire/types.gen";

/** What the list shows of a project. */
export type Listed = Pick<Project, "id" | "title" | "description" | "users" | "state" | "last_edited">;

/** Which projects are listed. */
export type Which = "active" | "archived" | "all";

/** The projects whose title or description has every word of the search, whatever the case and accents. */
export function filtered(projects: readonly Listed[], search: string, which: Which): Listed[] {
  const words = plain(search).split(/\s+/).filter(Boolean);
  return projects.filter((project) => {
    const archived = project.state.state === "archived";
    if (which !== "all" && archived !== (which === "archived")) return false;
    const text = plain(`${project.title} ${project.description}`);
    return words.every((word) => text.includes(word));
  });
}

function plain(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{Diacritic}/gu, "")
    .toLowerCase();
}
