// Copies the few browser files we serve out of node_modules, and joins the icons we use into one sprite.
// No network, no bundler: run after `npm ci` (`npm run vendor`). The result is git-ignored.
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const modules = join(root, "node_modules");
const target = join(root, "src/portevoix/web/ui/static/vendor");
const iconList = join(root, "src/portevoix/web/ui/icons.txt");

async function put(from, to) {
  await mkdir(dirname(join(target, to)), { recursive: true });
  await copyFile(join(modules, from), join(target, to));
}

async function putText(from, to, change) {
  await mkdir(dirname(join(target, to)), { recursive: true });
  await writeFile(join(target, to), change(await readFile(join(modules, from), "utf8")));
}

// Django's hashed storage follows source map comments and would fail on the map we do not ship.
const withoutMap = (css) => css.replace(/\/\*# sourceMappingURL=.*?\*\//g, "").trimEnd() + "\n";

async function fonts(pkg, folder, sheets) {
  const wanted = new Set();
  let css = "";
  for (const sheet of sheets) {
    // One format is enough: every browser we support reads woff2.
    const text = (await readFile(join(modules, pkg, sheet), "utf8"))
      .replace(/,\s*url\([^)]*\.woff\)\s*format\(['"]woff['"]\)/g, "");
    for (const [, file] of text.matchAll(/url\(\.\/files\/([^)]+\.woff2)\)/g)) wanted.add(file);
    css += text + "\n";
  }
  await mkdir(join(target, folder, "files"), { recursive: true });
  await writeFile(join(target, folder, "font.css"), css);
  for (const file of wanted) await put(join(pkg, "files", file), join(folder, "files", file));
  await put(join(pkg, "LICENSE"), join(folder, "LICENSE"));
}

async function sprite() {
  const available = new Set(await readdir(join(modules, "lucide-static/icons")));
  const names = (await readFile(iconList, "utf8")).split("\n").map((line) => line.trim())
    .filter((line) => line && !line.startsWith("#"));
  const symbols = [];
  for (const name of names) {
    if (!available.has(`${name}.svg`)) throw new Error(`icons.txt: lucide has no icon "${name}"`);
    const svg = await readFile(join(modules, "lucide-static/icons", `${name}.svg`), "utf8");
    const inner = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
    symbols.push(`<symbol id="${name}" viewBox="0 0 24 24">${inner.replace(/\s+/g, " ").trim()}</symbol>`);
  }
  await writeFile(join(target, "icons.svg"),
    `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
  await put("lucide-static/LICENSE", "icons.LICENSE");
  return names.length;
}

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
await putText("bootstrap/dist/css/bootstrap.min.css", "bootstrap/bootstrap.min.css", withoutMap);
await put("bootstrap/LICENSE", "bootstrap/LICENSE");
await put("htmx.org/dist/htmx.min.js", "htmx/htmx.min.js");
await put("htmx.org/LICENSE", "htmx/LICENSE");
await fonts("@fontsource-variable/atkinson-hyperlegible-next", "atkinson", ["wght.css", "wght-italic.css"]);
await fonts("@fontsource/opendyslexic", "opendyslexic",
  ["latin-400.css", "latin-700.css", "latin-400-italic.css", "latin-700-italic.css"]);
console.log(`vendor: bootstrap, htmx, 2 fonts, ${await sprite()} icons -> ${target}`);
