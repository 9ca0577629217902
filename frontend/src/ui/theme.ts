import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

/** The accent: a calm blue, of which shade 8 has more than 7:1 under white letters. */
const accent: MantineColorsTuple = [
  "#eef0fc",
  "#dde1f8",
  "#c3cbff",
  "#a9b5ff",
  "#8593ec",
  "#6677dc",
  "#5162cf",
  "#4555c6",
  "#3b4cc0",
  "#2f3e9e",
];

/** The greys of the dark scheme, from letters to the ground: the tokens' own, since Mantine's are warmer. */
const dark: MantineColorsTuple = [
  "#e6e9ef",
  "#c3cad6",
  "#a3acbc",
  "#6d7789",
  "#4c5567",
  "#323845",
  "#242932",
  "#1b1e25",
  "#171a20",
  "#14161b",
];

/** Shades 8 and above, since those that Mantine takes by itself fail contrast. */
export const theme = createTheme({
  colors: { accent, dark },
  primaryColor: "accent",
  primaryShade: 8,
  autoContrast: false,
  defaultRadius: "md",
  respectReducedMotion: true,
  cursorType: "pointer",
  fontFamily: "var(--font)",
  fontFamilyMonospace: "var(--font-mono)",
  components: {
    Input: { styles: { wrapper: { "--input-bd-focus": "var(--accent)" } } },
    Switch: { styles: { description: { marginTop: 2, lineHeight: 1.45 } } },
    InputWrapper: { styles: { label: { marginBottom: 4 }, description: { marginTop: -3, marginBottom: 2 } } },
  },
  headings: { fontFamily: "var(--font)", fontWeight: "600" },
});

/** Mantine's own colours, said in our tokens, so that both look like one. */
export const variables: CSSVariablesResolver = () => {
  const both = {
    "--mantine-color-body": "var(--surface)",
    "--mantine-color-text": "var(--text)",
    "--mantine-color-dimmed": "var(--text-quiet)",
    "--mantine-color-placeholder": "var(--text-quiet)",
    "--mantine-color-anchor": "var(--accent)",
    "--mantine-color-error": "var(--danger)",
    "--mantine-color-default": "var(--surface)",
    "--mantine-color-default-hover": "var(--surface-hover)",
    "--mantine-color-default-color": "var(--text)",
    "--mantine-color-default-border": "var(--border)",
    "--mantine-color-disabled": "var(--surface-quiet)",
    "--mantine-color-disabled-color": "var(--text-quiet)",
    "--mantine-color-disabled-border": "var(--border)",
  };
  return { variables: {}, light: both, dark: both };
};
