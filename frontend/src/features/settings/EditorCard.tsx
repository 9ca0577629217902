import { useState } from "react";
import { useAction } from "../../live/react";
import { Card } from "../../ui/Card";
import { Select, Switch, TextField } from "../../ui/fields";
import { Notice } from "../../ui/Notice";
import type { Account } from "../../wire/types.gen";
import { FONT_SIZES, numberWithin, TAB_SIZES } from "./numbers";
import styles from "./SettingsPage.module.css";

type Settings = Account["editor_settings"];

/** How pages, editors and terminals look; each change holds at once, in every tab. */
export function EditorCard({ account }: { account: Pick<Account, "id" | "editor_settings"> }) {
  const settings = account.editor_settings;
  const set = useAction((store, change: Partial<Settings>) =>
    store.set("accounts", { id: account.id, editor_settings: change }),
  );
  return (
    <Card title="Appearance and editor" description="Changes hold at once, in all your tabs.">
      {set.error && <Notice kind="failed">{set.error.message}</Notice>}
      <div className={styles.grid}>
        <Select
          label="Theme"
          value={settings.theme}
          onChange={(theme) => void set.run({ theme })}
          options={[
            { value: "auto", label: "As the computer says" },
            { value: "light", label: "Light" },
            { value: "dark", label: "Dark" },
          ]}
        />
        <NumberSetting
          label="Font size in pixels"
          value={settings.font_size}
          bounds={FONT_SIZES}
          onSet={(font_size) => void set.run({ font_size })}
        />
        <NumberSetting
          label="Tab size in columns"
          value={settings.tab_size}
          bounds={TAB_SIZES}
          onSet={(tab_size) => void set.run({ tab_size })}
        />
      </div>
      <Switch
        label="Wrap long lines"
        checked={settings.line_wrapping}
        onChange={(line_wrapping) => void set.run({ line_wrapping })}
      />
    </Card>
  );
}

interface NumberSettingProps {
  label: string;
  value: number;
  bounds: { min: number; max: number };
  onSet(value: number): void;
}

/** A number that is set when it is one within its bounds. */
function NumberSetting({ label, value, bounds, onSet }: NumberSettingProps) {
  const [draft, setDraft] = useState<string>();
  const typed = draft === undefined ? value : numberWithin(draft, bounds);
  return (
    <TextField
      label={label}
      type="number"
      {...bounds}
      value={draft ?? String(value)}
      error={typed === undefined ? `A whole number from ${bounds.min} to ${bounds.max}.` : undefined}
      onChange={(text) => {
        setDraft(text);
        const next = numberWithin(text, bounds);
        if (next !== undefined && next !== value) onSet(next);
      }}
      onBlur={() => {
        if (typed !== undefined) setDraft(undefined);
      }}
    />
  );
}
