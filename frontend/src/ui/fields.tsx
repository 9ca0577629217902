import "@mantine/core/styles/Switch.css";
import "@mantine/core/styles/PasswordInput.css";
import { NativeSelect, PasswordInput, Switch as MantineSwitch, Textarea, TextInput } from "@mantine/core";
import type { KeyboardEventHandler, ReactNode, Ref } from "react";

interface FieldProps {
  label: string;
  /** A sentence below the label. */
  description?: string;
  /** Why the value cannot be taken. */
  error?: string;
  /** The label is only for screen readers. */
  hideLabel?: boolean;
  disabled?: boolean;
  required?: boolean;
}

export interface TextFieldProps extends FieldProps {
  value: string;
  onChange(value: string): void;
  onBlur?(): void;
  onKeyDown?: KeyboardEventHandler<HTMLInputElement>;
  type?: "text" | "email" | "search" | "number" | "url";
  autoComplete?: string;
  placeholder?: string;
  maxLength?: number;
  min?: number;
  max?: number;
  icon?: ReactNode;
  /** At the right end, such as a button that copies. */
  end?: ReactNode;
  readOnly?: boolean;
  /** It gets the focus when its dialog or page opens. */
  autoFocus?: boolean;
  ref?: Ref<HTMLInputElement>;
}

/** One line of text. */
export function TextField({ onChange, icon, end, autoFocus, ...props }: TextFieldProps) {
  return (
    <TextInput
      {...named(props)}
      leftSection={icon}
      rightSection={end}
      withAsterisk={false}
      {...first(autoFocus)}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

export interface PasswordFieldProps extends FieldProps {
  value: string;
  onChange(value: string): void;
  autoComplete: "current-password" | "new-password";
  /** It gets the focus when its dialog or page opens. */
  autoFocus?: boolean;
  ref?: Ref<HTMLInputElement>;
}

/** A password, which can be shown. */
export function PasswordField({ onChange, autoFocus, ...props }: PasswordFieldProps) {
  return (
    <PasswordInput
      {...named(props)}
      withAsterisk={false}
      {...first(autoFocus)}
      visibilityToggleButtonProps={{ "aria-label": "Show the password", tabIndex: 0 }}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

export interface TextAreaProps extends FieldProps {
  value: string;
  onChange(value: string): void;
  onBlur?(): void;
  rows?: number;
  maxLength?: number;
  placeholder?: string;
}

/** Several lines of text. */
export function TextArea({ onChange, rows = 3, ...props }: TextAreaProps) {
  return <Textarea {...named(props)} rows={rows} onChange={(event) => onChange(event.currentTarget.value)} />;
}

export interface SelectProps<V extends string> extends FieldProps {
  value: V;
  onChange(value: NoInfer<V>): void;
  options: readonly { value: V; label: string; disabled?: boolean }[];
  size?: "small" | "medium";
}

/** One of a few values. */
export function Select<V extends string>({ options, onChange, size, ...props }: SelectProps<V>) {
  return (
    <NativeSelect
      {...named(props)}
      size={size === "small" ? "xs" : "sm"}
      data={options.map((option) => ({ ...option }))}
      onChange={(event) => {
        const chosen = options.find((option) => option.value === event.currentTarget.value);
        if (chosen) onChange(chosen.value);
      }}
    />
  );
}

export interface SwitchProps extends Omit<FieldProps, "hideLabel"> {
  checked: boolean;
  onChange(checked: boolean): void;
}

/** Something that is on or off, at once. */
export function Switch({ onChange, ...props }: SwitchProps) {
  return <MantineSwitch {...props} onChange={(event) => onChange(event.currentTarget.checked)} />;
}

function named<P extends FieldProps>({ hideLabel, label, ...props }: P) {
  return hideLabel ? { ...props, "aria-label": label } : { ...props, label };
}

/** A dialog looks for the one, a page for the other. */
function first(autoFocus: boolean | undefined) {
  return autoFocus ? { "data-autofocus": true, autoFocus } : {};
}
