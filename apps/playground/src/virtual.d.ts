/** Made by the plugin of that name in vite.config.ts. */
declare module 'virtual:formulas' {
  const formulas: Readonly<Record<string, string>>;
  export default formulas;
}
