import { Select, TextArea, TextField } from "../../ui/fields";
import styles from "./LimitsPage.module.css";
import { ALLOW, type Draft, FIELDS, insteadOf, type LimitName, type Limits, NETWORK, textOf, wrongIn } from "./limits";

export interface LimitFieldsProps {
  /** What was chosen and is saved. */
  chosen: Limits;
  /** What holds where nothing is chosen. */
  fallback: Limits | undefined;
  /** Whose choice that is: "Site's default", "Built in". */
  otherwise: string;
  draft: Draft;
  onChange(draft: Draft): void;
}

const NETWORKS = { off: "Off", filtered: "Filtered" };

/** A field for each limit. One that is empty shows what holds then. */
export function LimitFields({ chosen, fallback, otherwise, draft, onChange }: LimitFieldsProps) {
  const type = (name: LimitName) => (text: string) => onChange({ ...draft, [name]: text });
  const network = textOf(NETWORK, chosen, draft);
  const other = NETWORKS[fallback?.network ?? "off"].toLowerCase();
  return (
    <>
      <div className={styles.fields}>
        {FIELDS.map((field) => (
          <TextField
            key={field.name}
            label={field.label}
            description={field.description}
            placeholder={insteadOf(field, fallback)}
            value={textOf(field, chosen, draft)}
            error={wrongIn(field, draft)}
            autoComplete="off"
            maxLength={40}
            onChange={type(field.name)}
          />
        ))}
        <Select
          label={NETWORK.label}
          description="What its programs reach."
          value={network === "off" || network === "filtered" ? network : ""}
          onChange={type("network")}
          options={[
            { value: "", label: `${otherwise}: ${other}` },
            { value: "off", label: NETWORKS.off },
            { value: "filtered", label: NETWORKS.filtered },
          ]}
        />
      </div>
      <TextArea
        label={ALLOW.label}
        description="A filtered network reaches the internet, but nothing that is private to this site, except for what stands here. One a line: a name, an address or a network, with or without a port, such as mirror.example.org:443, 10.0.0.5:8080, 10.0.0.0/8 or [fd00::/8]:443; or the word nothing."
        placeholder={insteadOf(ALLOW, fallback)}
        value={textOf(ALLOW, chosen, draft)}
        error={wrongIn(ALLOW, draft)}
        onChange={type("network_allow")}
      />
    </>
  );
}
