/** The measurements, run on the built packages: `pnpm bench`. */
console.log('no measurement yet');
