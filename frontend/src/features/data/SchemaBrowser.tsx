import { IconChevronRight, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/fields";
import type { Schema, SchemaField, SchemaTable } from "../../wire/schema.gen";
import styles from "./SchemaBrowser.module.css";
import { rights, typeWords } from "./tables";

export interface SchemaBrowserProps {
  schema: Schema;
  /** The table of the query. */
  current: string | undefined;
  /** A query for all fields of a table is wanted. */
  onAll(table: SchemaTable): void;
  /** A field is to be asked for, too. */
  onField(table: string, path: readonly string[]): void;
}

/** The tables with all that is known of them. */
export function SchemaBrowser({ schema, current, onAll, onField }: SchemaBrowserProps) {
  const [sought, setSought] = useState("");
  const [open, setOpen] = useState<string>();
  const word = sought.trim().toLowerCase();
  const found = schema.tables.filter((table) => word === "" || speaksOf(table, word));
  return (
    <section aria-labelledby="data-tables" className={styles.tables}>
      <h2 id="data-tables" className={styles.heading}>
        Tables
      </h2>
      <TextField
        label="Search tables and fields"
        hideLabel
        type="search"
        placeholder="Search tables and fields"
        icon={<IconSearch size={16} />}
        value={sought}
        onChange={setSought}
      />
      <ul className={styles.list}>
        {found.map((table) => {
          const shown = open === table.name || found.length === 1;
          return (
            <li key={table.name}>
              <button
                type="button"
                className={styles.table}
                aria-expanded={shown}
                data-current={table.name === current || undefined}
                onClick={() => setOpen(shown ? undefined : table.name)}
              >
                <IconChevronRight size={16} aria-hidden className={styles.arrow} />
                <span>{table.name}</span>
              </button>
              {shown && <TableCard schema={schema} table={table} onAll={onAll} onField={onField} />}
            </li>
          );
        })}
      </ul>
      {found.length === 0 && <p className={styles.quiet}>No table speaks of “{sought.trim()}”.</p>}
    </section>
  );
}

function TableCard({ schema, table, onAll, onField }: Omit<SchemaBrowserProps, "current"> & { table: SchemaTable }) {
  const who = (name: string) => schema.who[name] ?? name;
  return (
    <div className={styles.card}>
      <p>{table.text}</p>
      <dl className={styles.facts}>
        <dt>Key</dt>
        <dd>{table.key.join(", ")}</dd>
        <dt>Read by</dt>
        <dd>{table.get === "nobody" ? "nobody, it is only set" : who(table.get)}</dd>
        <dt>New rows by</dt>
        <dd>{who(table.create)}</dd>
        <dt>Deleted by</dt>
        <dd>{who(table.delete)}</dd>
        <dt>Rows at once</dt>
        <dd>{table.limit}</dd>
      </dl>
      {table.get !== "nobody" && (
        <Button size="small" onClick={() => onAll(table)}>
          Ask for all fields
        </Button>
      )}
      <ul className={styles.list} aria-label={`Fields of ${table.name}`}>
        {table.fields.map((field) => (
          <Field key={field.name} schema={schema} table={table} field={field} path={[field.name]} onField={onField} />
        ))}
      </ul>
    </div>
  );
}

function Field(props: {
  schema: Schema;
  table: SchemaTable;
  field: SchemaField;
  path: readonly string[];
  onField: SchemaBrowserProps["onField"];
}) {
  const { schema, table, field, path, onField } = props;
  return (
    <li className={styles.field}>
      <div className={styles.fieldHead}>
        <button type="button" className={styles.name} onClick={() => onField(table.name, path)}>
          {field.name}
        </button>
        <span className={styles.type}>{typeWords(field)}</span>
      </div>
      <p>{field.text}</p>
      <p className={styles.quiet}>
        {rights(schema, table, field)}
        {field.default !== undefined && ` Default ${JSON.stringify(field.default)}.`}
      </p>
      {field.fields && (
        <ul className={styles.list} aria-label={`Fields of ${[table.name, ...path].join(".")}`}>
          {field.fields.map((inner) => (
            <Field key={inner.name} {...props} field={inner} path={[...path, inner.name]} />
          ))}
        </ul>
      )}
    </li>
  );
}

/** Whether a word is in the name or the description of a table, or in the name of a field. */
function speaksOf(table: SchemaTable, word: string): boolean {
  const names = (fields: readonly SchemaField[]): string[] =>
    fields.flatMap((field) => [field.name, ...names(field.fields ?? [])]);
  return [table.name, table.text, ...names(table.fields)].some((text) => text.toLowerCase().includes(word));
}
