/** Tells whether an element is on the screen or near it, so that nothing is computed for views that nobody sees. */
export function sighted(told: (visible: boolean) => void, margin = '300px'): (element: Element) => () => void {
  return (element) => {
    const observer = new IntersectionObserver((entries) => told(entries.some(({ isIntersecting }) => isIntersecting)), { rootMargin: margin });
    observer.observe(element);
    return () => observer.disconnect();
  };
}
