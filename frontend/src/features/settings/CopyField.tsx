import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useState } from "react";
import { copyText } from "../../ui/copyText";
import { TextField } from "../../ui/fields";
import { IconButton } from "../../ui/IconButton";
import { fail, tell } from "../../ui/toast";

/** A text to take away. */
export function CopyField({ label, value, autoFocus }: { label: string; value: string; autoFocus?: boolean }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    if (await copyText(value)) {
      setCopied(true);
      tell("Copied.");
    } else {
      fail("This browser does not let pages copy. Select the text and copy it by hand.");
    }
  };
  return (
    <TextField
      label={label}
      readOnly
      autoFocus={autoFocus}
      value={value}
      onChange={() => undefined}
      end={
        <IconButton
          label={`Copy the ${label.toLowerCase()}`}
          icon={copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
          size="small"
          onClick={() => void copy()}
        />
      }
    />
  );
}
