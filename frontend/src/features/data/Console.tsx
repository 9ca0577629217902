import { useLocation, useNavigate } from "@tanstack/react-router";
import { IconTable } from "@tabler/icons-react";
import { useDeferredValue, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { newID } from "../../lib/ids";
import { Button } from "../../ui/Button";
import { copyText } from "../../ui/copyText";
import type { CodeHandle } from "../../ui/code/CodeField";
import { Drawer } from "../../ui/Drawer";
import { fail, tell } from "../../ui/toast";
import { useNarrow } from "../../ui/useNarrow";
import { SCHEMA } from "../../wire/schema.gen";
import { AnswerView } from "./AnswerView";
import { ConfirmWrite } from "./ConfirmWrite";
import styles from "./DataPage.module.css";
import { examplesFor } from "./examples";
import { fromHash, type Shared, toHash } from "./hash";
import { valueOf } from "./json";
import { PastList } from "./PastList";
import { QueryEditor } from "./QueryEditor";
import { type Part, type Typed, understood, watchable, writes } from "./query";
import type { JobTable } from "./run";
import { SchemaBrowser } from "./SchemaBrowser";
import { tableNamed } from "./tables";
import { usePast } from "./usePast";
import { useRunner } from "./useRunner";
import { allFields, withField, type Written } from "./write";

const EMPTY: Shared = { query: "", options: "{}" };

/** A query, its answer as it is right now, and the tables beside it. */
export function Console({ accountId, administrator }: { accountId: string; administrator: boolean }) {
  const { runner, run } = useRunner();
  const address = useLocation({ select: ({ hash }) => hash });
  const navigate = useNavigate();
  const [texts, setTexts] = useState(() => fromHash(address) ?? EMPTY);
  const [live, setLive] = useState(true);
  const [asked, setAsked] = useState<Typed>();
  const [side, setSide] = useState(false);
  const past = usePast(accountId);
  const narrow = useNarrow();
  const query = useRef<CodeHandle>(null);
  const options = useRef<CodeHandle>(null);
  const asking = useRef("");
  const typed = useMemo(() => understood(texts.query, texts.options), [texts]);
  const table = tableNamed(SCHEMA, typed?.parts[0]?.table ?? "");
  const canWatch = typed !== undefined && watchable(typed, (name) => tableNamed(SCHEMA, name)?.watch ?? false);

  const go = (what: Typed, shared: Shared) => {
    const write = writes(what);
    const watch = !write && watchable(what, (name) => tableNamed(SCHEMA, name)?.watch ?? false);
    runner.run({
      query: what.query,
      options: what.options,
      tables: what.parts.map(jobTable),
      live: what.options.changes ?? (watch && live),
      request: write ? newID() : undefined,
    });
    past.add(shared.query, shared.options);
    // A set stays out of the address: nobody should meet it by going back.
    const hash = write ? "" : toHash(shared);
    asking.current = hash;
    void navigate({ to: "/data", hash, replace: true });
  };
  const start = () => {
    if (!typed) return;
    if (writes(typed)) setAsked(typed);
    else go(typed, texts);
  };
  const put = ({ query: text, options: more }: Shared, caret?: number) => {
    query.current?.replace(text, caret);
    options.current?.replace(more);
    query.current?.focus();
    setSide(false);
  };
  const insert = ({ text, caret }: Written) => put({ query: text, options: texts.options }, caret);
  const example = (shared: Shared) => {
    put(shared);
    const what = understood(shared.query, shared.options);
    if (what && !writes(what)) go(what, shared);
  };
  const share = async () => {
    const url = new URL(location.href);
    url.hash = toHash(texts);
    if (await copyText(url.href)) tell("The link is on the clipboard. Who opens it asks with their own rights.");
    else fail("This browser does not let pages use the clipboard.");
  };
  useArrival(address, (shared) => {
    if (address === asking.current) return; // our own
    if (shared.query !== texts.query || shared.options !== texts.options) put(shared);
    // What an address asks is answered; what it would write waits for a person.
    const what = understood(shared.query, shared.options);
    if (what && !writes(what)) go(what, shared);
  });

  const shown = useDeferredValue(run);
  const beside = (
    <>
      <SchemaBrowser
        schema={SCHEMA}
        current={table?.name}
        onAll={(name) => insert(allFields(name))}
        onField={(name, path) => insert(withField(texts.query, name, path))}
      />
      <PastList past={past.past} onPick={put} onClear={past.clear} />
    </>
  );
  return (
    <div className={styles.console}>
      <div className={styles.work}>
        <div className={styles.head}>
          <h1 className={styles.title}>Data</h1>
          {narrow && (
            <Button size="small" icon={<IconTable size={16} />} onClick={() => setSide(true)}>
              Tables
            </Button>
          )}
        </div>
        <QueryEditor
          texts={texts}
          onChange={setTexts}
          queryRef={query}
          optionsRef={options}
          run={run}
          typed={typed}
          table={table}
          live={typed?.options.changes ?? (live && (canWatch || !typed))}
          onLive={setLive}
          canWatch={canWatch && typed?.options.changes === undefined}
          onRun={start}
          onStop={() => runner.stop()}
          onShare={() => void share()}
        />
        <AnswerView
          run={shown}
          examples={examplesFor(administrator)}
          onExample={example}
          onAgain={runner.run.bind(runner)}
        />
      </div>
      {narrow ? (
        <Drawer title="Tables and history" open={side} onClose={() => setSide(false)}>
          <div className={styles.side}>{beside}</div>
        </Drawer>
      ) : (
        <aside className={styles.side} aria-label="Tables and history">
          {beside}
        </aside>
      )}
      <ConfirmWrite
        schema={SCHEMA}
        typed={asked}
        onClose={() => setAsked(undefined)}
        onConfirm={(what) => {
          setAsked(undefined);
          go(what, texts);
        }}
      />
    </div>
  );
}

function jobTable({ table: name, act, row }: Part): JobTable {
  const given = act === "set" && row ? Object(valueOf(row)) : undefined;
  return { name, key: tableNamed(SCHEMA, name)?.key ?? [], given };
}

/** Says when an address with a query has come: with the page, by a link, or by going back. */
function useArrival(address: string, onArrive: (shared: Shared) => void): void {
  const latest = useRef(onArrive);
  useLayoutEffect(() => {
    latest.current = onArrive;
  });
  useEffect(() => {
    const shared = fromHash(address);
    if (shared) latest.current(shared);
  }, [address]);
}
