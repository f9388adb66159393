/** What is read of Berth's package.json, which the compiler would otherwise copy into `dist/`. */
declare const packageJson: { readonly version: string };
export default packageJson;
