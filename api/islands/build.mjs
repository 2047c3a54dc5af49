// Bundles the islands into ../static/built, with the licence of each package in them. Called by hatch_build.py.
import { build } from "esbuild";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

const BUILT = "../static/built";
const ISLANDS = ["viewer", "editor"];
const NOT_NEEDED = [".woff", ".ttf", ".eot", ".svg"]; // every browser takes the .woff2 beside them

rmSync(BUILT, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: ISLANDS.map((name) => `${name}.js`),
  outdir: BUILT,
  bundle: true,
  splitting: true,
  format: "esm",
  minify: true,
  metafile: true,
  target: "es2022",
  legalComments: "linked",
  entryNames: "[name]-[hash]",
  chunkNames: "shared-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".woff2": "file", ...Object.fromEntries(NOT_NEEDED.map((ending) => [ending, "empty"])) },
});

const entries = Object.entries(metafile.outputs).filter(([, output]) => output.entryPoint);
const parts = entries.map(([file, output]) => [
  basename(output.entryPoint, ".js"),
  {
    script: basename(file),
    style: output.cssBundle ? basename(output.cssBundle) : null,
    shared: output.imports.filter((one) => one.kind === "import-statement").map((one) => basename(one.path)),
  },
]);
writeFileSync(join(BUILT, "parts.json"), JSON.stringify(Object.fromEntries(parts), null, 1));

const inside = Object.keys(metafile.inputs).map((file) => file.match(/.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0]);
const packages = [...new Set(inside.filter(Boolean))].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), "utf8") : ""}`;
});
writeFileSync(join(BUILT, "THIRD_PARTY.txt"), packages.join(`\n${"-".repeat(72)}\n`));
