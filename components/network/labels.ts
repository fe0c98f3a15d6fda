/** Labels, in the form that arguments of docker resources have. */
export function labels(values: Record<string, string>): { label: string; value: string }[] {
    return Object.entries(values).map(([label, value]) => ({ label, value }));
}
