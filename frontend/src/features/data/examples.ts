/** A query to begin with. */
export interface Example {
  title: string;
  query: string;
  options: string;
}

function listOf(table: string, ...fields: string[]): string {
  return `{\n  "${table}": [{\n${fields.map((field) => `    "${field}": null`).join(",\n")}\n  }]\n}`;
}

/** Queries that work for this person. */
export function examplesFor(administrator: boolean): Example[] {
  const own: Example[] = [
    {
      title: "My projects, those last edited first",
      query: listOf("projects", "id", "title", "state", "last_edited"),
      options: '{"order_by": "-last_edited", "limit": 100}',
    },
    {
      title: "The people I work with",
      query: listOf("collaborators", "id", "name"),
      options: '{"order_by": "name"}',
    },
  ];
  const last: Example = administrator
    ? {
        title: "The invitations of this site",
        query: listOf("registration_tokens", "id", "note", "uses", "max_uses", "created"),
        options: '{"order_by": "-created"}',
      }
    : {
        title: "My API keys",
        query: listOf("api_keys", "id", "name", "scope", "read_only", "used"),
        options: "{}",
      };
  return [...own, last];
}
