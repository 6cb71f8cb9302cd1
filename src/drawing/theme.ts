/** What all pages and charts look like. */

/**
 * Colours that people see apart whatever they see of red and green: Okabe and Ito 2008, darkened where paper is white.
 */
export const LIGHT = ['#0072b2', '#c44e00', '#00755a', '#a8387e', '#8a6d00', '#2b87b8', '#555555', '#7a3db8'];
const DARK = ['#56b4e9', '#ff8c42', '#2fc79a', '#f09ac6', '#f0e442', '#8fd3ff', '#bbbbbb', '#c69cff'];

/** Colours of the light theme or of the dark one, as custom properties. */
export function palette(theme: 'light' | 'dark'): string {
  const set = (colours: readonly string[], ink: string, soft: string, faint: string, paper: string, card: string) => {
    const series = colours.map((colour, i) => `--c${i}:${colour}`).join(';');
    return `--ink:${ink};--soft:${soft};--faint:${faint};--paper:${paper};--card:${card};${series}`;
  };
  return theme === 'light'
    ? set(LIGHT, '#1b1b1b', '#5a5a5a', '#d5d5d5', '#ffffff', '#fafafa')
    : set(DARK, '#e8e8e8', '#a9adb5', '#444444', '#16181d', '#1d2027');
}

/** Text as it stands in HTML and in SVG, in quotes too. */
export const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
