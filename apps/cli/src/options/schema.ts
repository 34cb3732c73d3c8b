/** Where the schema of config files is published: a version of the package has its own. */
export const schemaAddress = 'https://unpkg.com/@unroll/cli/schema/config-1.json';
