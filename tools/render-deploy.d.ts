/** Every file below deploy/ that is made of the chart, from its path to its text. */
export declare function renderDeploy(helm: string): ReadonlyMap<string, string>;
