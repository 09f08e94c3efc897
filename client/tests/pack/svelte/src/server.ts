// What a server sends for a page: all of it in a place where there is no window.
import { render } from 'svelte/server';
import App from './App.svelte';

console.log(render(App, { props: { token: 'T' } }).body);
